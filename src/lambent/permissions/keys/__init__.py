"""Condition keys, each found out when a policy asks for it: from the request, from who asks, from the resource.

`finding.py` is where they are asked for; condition_keys.json has those that are a request's parameters, and by name
those that are not set here, with the reason.
"""
