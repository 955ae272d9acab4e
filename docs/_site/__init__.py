"""What the documentation's site is built of beside the pages in docs/; `mkdocs build` runs its hooks."""
