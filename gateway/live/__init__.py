"""Subscriptions: which events each subscriber gets, read anew for them and written as answers. `http` carries them."""
