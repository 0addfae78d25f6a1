"""The ground: the values that every room speaks. They are frozen and do nothing."""
