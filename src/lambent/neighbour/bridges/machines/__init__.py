"""The API of Step Functions over moto's interpreter: moto's own answers lack members, errors and operations."""
