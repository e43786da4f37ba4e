"""Who may do what with what: AWS's evaluation of policies, without knowing where policies come from.

`document.py` reads policies, `patterns.py` and `conditions.py` compare, `principals.py` tells who is meant, `decide.py`
holds the order of evaluation, `resource.py` asks one
policy alone, `explain.py` says why, `checking.py` what AWS refuses to store.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""
