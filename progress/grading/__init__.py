"""How answers are judged: a library. It knows no models and no HTTP, and most of it no Django."""
