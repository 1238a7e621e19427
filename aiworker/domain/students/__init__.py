"""What is known of a student and what may be said of it.

Names, contact data, birth, gender, religion, caste and marital status are no part of it: they are neither read nor
sent nor said, because a summary that knows them could be coloured by them.
"""
