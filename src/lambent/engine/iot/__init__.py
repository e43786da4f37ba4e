"""Topic rules of AWS IoT: which messages a rule is for, what it makes of them, and what is sent then. Pure.

Source: https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
"""
