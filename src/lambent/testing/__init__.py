"""For the tests of those who use Lambent: a pytest plugin that runs a server."""
