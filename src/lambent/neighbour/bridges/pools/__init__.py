"""Cognito's user pools: moto keeps users and makes tokens, and where a pool has triggers, functions of ours have their
say. Runs in moto's process; functions are called by the gateway's socket.

Source: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""
