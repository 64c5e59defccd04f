"""Campaigns: the product under faults, checked by a history that is kept outside it.

``python -m campaigns`` runs one by seeds and writes a result file; ``tests/reliability`` runs each in
small as part of every test run.
"""
