"""What an experiment shows of each trial: lapses, omissions, missing parts, truncation, around any likelihood.

The order is: the model, lapses, what was seen, truncation. What was seen of a trial is an event, a union of densities
and of probabilities of choices between two times (``likelihoods.events``); each kind of event is a file of its own, and
``outcomes`` is their table.
"""
