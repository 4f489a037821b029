"""Plain Strawberry with SQLAlchemy's async ORM and Strawberry's own DataLoader."""
