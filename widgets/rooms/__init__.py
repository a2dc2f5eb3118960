"""The rooms: each a page that takes data by methods and says what a person wants by signals."""
