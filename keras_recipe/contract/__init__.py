"""What a head and a loss promise each other and the labels: rules of KR202 and KR203."""
