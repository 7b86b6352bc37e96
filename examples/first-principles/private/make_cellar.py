"""Writes the three files of the cellar: 650 invented apples, the same ones on every run.

400 of them come with their fate, `data/cellar-train.csv`; 250 without, `data/cellar-test.csv`, whose answers are in
`private/cellar-labels.csv`. The rules below are the truth that the lesson "Predict for real" tries to recover, so
this file lies with the answers. Run it with `python make_cellar.py`.
"""

import csv
import math
import random
from pathlib import Path

SEED = 1893
APPLES, UNKNOWN, PUBLIC = 650, 250, 75
MEASURED = ["mass_g", "firmness_n", "sugar_brix", "starch", "calcium_mg"]


def store(rng):
    """One apple as it was in October, and whether it was sound in March."""
    mass = rng.gauss(165, 28)
    # How far the starch has turned into sugar: 1 is picked green, 10 is picked late.
    starch = min(10, max(1, rng.gauss(5.5, 2.2)))
    firmness = rng.gauss(86, 6) - 2.2 * starch
    sugar = 10.2 + 0.28 * starch + rng.gauss(0, 0.8)
    # Large apples have less of it in each gram.
    calcium = 5.2 - 0.012 * (mass - 165) + rng.gauss(0, 0.9)
    # Picked too early they shrivel, too late they go mealy; short of calcium they rot from the core.
    strength = (
        2.4
        - 1.75 * ((starch - 5.2) / 2.0) ** 2
        + 2.0 * (calcium - 5.2) / 0.9
        - 0.35 * (mass - 165) / 28
        + 0.5 * (firmness - 74) / 7
    )
    kept = rng.random() < 1 / (1 + math.exp(-1.3 * strength))
    return {
        "mass_g": round(mass, 1),
        "firmness_n": round(firmness, 1),
        "sugar_brix": round(sugar, 1),
        "starch": round(starch, 1),
        "calcium_mg": round(calcium, 2),
        "kept": int(kept),
    }


def cellar():
    """The columns and rows of each file, by its path in the course."""
    rng = random.Random(SEED)
    apples = [
        {"apple": number, **store(rng)} for number in range(1, APPLES + 1)
    ]
    unknown = set(rng.sample(range(1, APPLES + 1), UNKNOWN))
    known = [apple for apple in apples if apple["apple"] not in unknown]
    asked = [apple for apple in apples if apple["apple"] in unknown]
    public = set(rng.sample(sorted(unknown), PUBLIC))
    labels = [
        {
            "id": apple["apple"],
            "label": apple["kept"],
            "split": "public" if apple["apple"] in public else "private",
        }
        for apple in asked
    ]
    return {
        "data/cellar-train.csv": (["apple", *MEASURED, "kept"], known),
        "data/cellar-test.csv": (["apple", *MEASURED], asked),
        "private/cellar-labels.csv": (["id", "label", "split"], labels),
    }


if __name__ == "__main__":
    course = Path(__file__).resolve().parents[1]
    for path, (columns, rows) in cellar().items():
        with (course / path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(
                file, columns, lineterminator="\n", extrasaction="ignore"
            )
            writer.writeheader()
            writer.writerows(rows)
