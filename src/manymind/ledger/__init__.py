"""What did it cost, and what may still be spent?"""
