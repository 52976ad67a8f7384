"""`make chaos`: the promises, tried. A seeded killer ends, stops and restarts real servers while shoppers ask.

Everything that is compared stands outside of the system: the shoppers write down what was acknowledged and what they
were shown (`shopper`), the model what it was asked and said (`model`), the shop what it was told to change (`shop`).
Afterwards `checks` holds these ledgers against the history and the database, and `page` writes `docs/promises.md`.

    python -m tests.chaos                            all scenarios in full, both columns; writes the page
    python -m tests.chaos --bounded                  a few of each, three minutes in all; writes nothing
    python -m tests.chaos --column memory --only kills --scale 0.1 --seed 7

What is tried stands in `scenarios`, where processes die by name in `points`, what is promised in `promises`.
"""
