"""`GET /v1/catalog/models`: the public model catalog, without a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from generation import catalog
from vidgo.kernel.api import envelope, openapi
from vidgo.kernel.api.endpoint import Endpoint


class ModelData(serializers.Serializer[None]):
    """A model of the catalog."""

    model_id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    task = serializers.ChoiceField(choices=["text-to-image", "image-to-image"])
    tier = serializers.CharField()
    price_credits = serializers.IntegerField()
    price_usd = serializers.CharField()
    output_type = serializers.CharField(help_text="Always `image`.")
    supported_protocols = serializers.ListField(child=serializers.CharField())
    input_schema = serializers.DictField(help_text="JSON Schema of `input`.")


class CatalogView(Endpoint):
    """A public endpoint whose answer changes only with the catalog."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def answer(self, request: Request, data: Mapping[str, Any]) -> Response:
        """Answer with an ETag, or with 304 if the client already has this version."""
        etag = f'"{catalog.digest(data)}"'
        headers = {"ETag": etag, "Cache-Control": "public, max-age=300"}
        known = [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]
        if etag in (tag.removeprefix("W/") for tag in known) or "*" in known:
            return Response(status=304, headers=headers)
        return envelope.ok(data, headers=headers)


class ModelsView(CatalogView):
    """All models."""

    @extend_schema(
        operation_id="list_models",
        summary="List models",
        tags=["Catalog"],
        auth=[],
        responses={
            200: openapi.enveloped(
                "ModelsAnswer",
                inline_serializer("ModelsData", {"models": ModelData(many=True)}),
            )
        },
    )
    def get(self, request: Request) -> Response:
        """Return every model with its price and input schema."""
        models = [catalog.entry_of(model) for model in catalog.load().models.values()]
        return self.answer(request, {"models": models})


class ModelView(CatalogView):
    """One model."""

    @extend_schema(
        operation_id="get_model",
        summary="Get a model",
        tags=["Catalog"],
        auth=[],
        responses={200: openapi.enveloped("ModelAnswer", ModelData()), **openapi.errors(404)},
    )
    def get(self, request: Request, model_id: str) -> Response:
        """Return one model."""
        return self.answer(request, catalog.find_entry(model_id))
