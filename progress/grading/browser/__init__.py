"""What runs in the worker of a reader's page: the confinement, and cells as a notebook runs them.

Installed with the runtime by `mlpracticum.assets`, at the same paths below the worker's own root. Its Python runs in
Pyodide too and knows neither Django nor a browser: what it shows leaves by one callable.
"""
