"""Tools that a question can offer."""


def get_weather(city: str) -> str:
    """Get the current weather for a city"""
    return f"{city} has rain"


def search(query: str) -> str:
    """Search for a query"""
    return f"found <{query}>"
