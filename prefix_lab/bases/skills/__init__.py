"""What pretraining practises: each module here holds SKILLS, functions that write one document, and their weights.

A document is a list of examples (source, target) of one task, drawn for that document; `bases.corpus` lays it out.
Nothing here shows a format or a domain that a chapter tunes for.
"""
