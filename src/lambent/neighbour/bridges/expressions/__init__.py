"""State machines in JSONata: their expressions are evaluated by the package jsonata-python, in place of moto's Java."""
