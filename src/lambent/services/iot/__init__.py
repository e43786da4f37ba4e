"""AWS IoT's topic rules, and the messages that they are for. Things and their shadows lie with the neighbour."""
