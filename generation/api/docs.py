"""`GET /api/docs`: the OpenAPI document for people, with assets served by us."""

from drf_spectacular.views import SpectacularSwaggerSplitView


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, its start-up script in a file of its own so that a strict CSP holds."""

    url_name = "api_schema"
    # The library's template has a style in it, which the CSP refuses.
    template_name = "generation/api_docs.html"
