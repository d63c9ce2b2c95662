"""The book's page of models, made from the records."""


def write(kept): ...
