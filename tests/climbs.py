"""What came of moves, made by hand: rungs whose scores a test decides."""

from keras_recipe.experiments.ladder import START, LadderResult, Rung, judged
from keras_recipe.experiments.regularizing import Climbed, Regularization
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_record import TrialRecord

BEGIN = (1.0, 1.1, 0.9)
BETTER = (0.6, 0.7, 0.55)
SAME = (1.05, 1.0, 0.95)
WORSE = (2.0, 2.2, 1.8)


def records(move, scores, train):
    """A training a seed; None for one that failed."""
    return tuple(
        TrialRecord(
            key=f"{move.name}, seed {seed}",
            moves=() if move is START else (move.name,),
            seed=seed,
            score=score,
            train_score=None if score is None else learned,
            status="failed" if score is None else "done",
            message="it broke" if score is None else "",
        )
        for seed, (score, learned) in enumerate(zip(scores, train, strict=True))
    )


def climbed(*moves, left_out=None, curve=None):
    """Moves `(name, family, scores)`, with training losses of half that, one after another."""
    best = Rung(move=START, records=records(START, BEGIN, [0.1, 0.12, 0.09]), kept=True)
    rungs, families = [best], {}
    for name, family, scores in moves:
        move = Move(name=name, text=f"what {name} does")
        train = [None if score is None else score / 2 for score in scores]
        rung = judged(move, best, records(move, scores, train))
        rungs.append(rung)
        families[name] = family
        best = rung if rung.kept else best
    return Climbed(
        ladder=LadderResult(
            rungs=tuple(rungs), monitor="val_loss", seeds=(0, 1, 2), trial=None
        ),
        plan=Regularization(
            moves=tuple(rung.move for rung in rungs[1:]),
            families=families,
            left_out=left_out or {},
            curve=curve is not None,
        ),
        curve=curve,
    )
