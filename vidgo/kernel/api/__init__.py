"""The API: the response envelope, the base class of endpoints, OpenAPI helpers."""
