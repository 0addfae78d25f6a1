"""How many tokens a request is: exactly where a vocabulary is public, else at about the most.

This room counts words and knows what vendors publish of their templates. It is not for money: a
reservation must hold whatever the tokenizer, and `catalog/sizes.py` bounds it.
"""
