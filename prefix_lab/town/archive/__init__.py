"""The archive of Larkhaven: names, parts of speech and roles in entries of its chronicle, deeds and court books."""
