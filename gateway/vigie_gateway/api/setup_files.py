"""What goes in and out of the set-up as files: the place's recipe, and the picture of a plan. For the admin."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form, read_upload
from vigie_gateway.api.guard import GuardedRoute, allowed, check_form, principal_of
from vigie_gateway.api.problems import Problem
from vigie_gateway.api.setup_pages import SetupPages, go_to, new_text
from vigie_gateway.auth.roles import ADMIN_ONLY
from vigie_gateway.place.problem import format_problem
from vigie_gateway.setup import picture
from vigie_gateway.setup.draft import Draft, DraftError
from vigie_gateway.setup.picture import PictureError
from vigie_gateway.setup.recipe import RecipeError, shared
from vigie_gateway.setup.site_file import MOST_BYTES, SiteFileError

FRAMING_BYTES = 4_096
"""Of a form around its file: names, a form token. Lower refuses a file of the size that is promised."""


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    files = _Files(gateway)
    routes.add_api_route("/setup/export", files.export, methods=["GET"])
    routes.add_api_route("/setup/draft.toml", files.draft, methods=["GET"])
    routes.add_api_route("/setup/import", files.take_recipe, methods=["POST"])
    routes.add_api_route("/setup/picture", files.picture, methods=["GET"])
    routes.add_api_route("/setup/picture", files.take_picture, methods=["POST"])
    routes.add_api_route("/setup/picture/remove", files.drop_picture, methods=["POST"])
    return routes


class _Files(SetupPages):
    """The files."""

    @allowed(ADMIN_ONLY)
    def export(self) -> Response:
        try:
            text = self._setup.file.read().text
            return _download(shared(text))
        except (SiteFileError, RecipeError) as error:
            raise Problem(HTTPStatus.CONFLICT, str(error)) from error

    @allowed(ADMIN_ONLY)
    def draft(self, request: Request) -> Response:
        blueprint = self.blueprint(request)
        if isinstance(blueprint, Response):
            return blueprint
        text, trouble, said = new_text(self._setup.file.check, blueprint)
        if text is None:
            raise Problem(HTTPStatus.CONFLICT, "; ".join(said) or f"the draft cannot be written yet: {trouble}")
        return _download(text)

    @allowed(ADMIN_ONLY)
    async def take_recipe(self, request: Request) -> Response:
        try:
            upload = await read_upload(request, MOST_BYTES + FRAMING_BYTES)
        except Problem as problem:
            if problem.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                return await run_in_threadpool(self._start, request, "import-large", [])
            raise
        check_form(principal_of(request), upload.text("csrf"))
        return await run_in_threadpool(self._take_recipe, request, upload.parts.get("recipe", b""))

    def _take_recipe(self, request: Request, content: bytes) -> Response:
        if not content.strip():
            return self._start(request, "import-empty", [])
        try:
            text = content.decode("utf-8-sig")
            problems = [format_problem(problem) for problem in self._setup.file.check(text)]
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            problems = [f"{self._setup.file.path.name}:{line}: is not UTF-8 text"]
        if problems:
            return self._start(request, "import-problems", problems)
        try:
            self._setup.draft.begin(Draft(self._setup.file.read().digest, imported=text))
        except (DraftError, SiteFileError) as error:
            return self._start(request, "draft", [str(error)])
        return go_to(request, "/setup/review", done="imported")

    def _start(self, request: Request, notice: str, said: list[str]) -> Response:
        blueprint = self.blueprint(request)
        shown = None if isinstance(blueprint, Response) else blueprint
        return self.answer(request, "start", shown, notice=notice, said=said)

    @allowed(ADMIN_ONLY)
    def picture(self) -> Response:
        found = self._setup.picture.read()
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "there is no picture to trace over")
        content, kind = found
        return Response(content, media_type=kind)

    @allowed(ADMIN_ONLY)
    async def take_picture(self, request: Request) -> Response:
        try:
            upload = await read_upload(request, picture.MOST_BYTES + FRAMING_BYTES)
        except Problem as problem:
            if problem.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                return await run_in_threadpool(self._plan, request, [])
            raise
        check_form(principal_of(request), upload.text("csrf"))
        try:
            await run_in_threadpool(self._setup.picture.keep, upload.parts.get("picture", b""))
        except PictureError as error:
            return await run_in_threadpool(self._plan, request, [str(error)])
        return go_to(request, "/setup/plan")

    def _plan(self, request: Request, said: list[str]) -> Response:
        blueprint = self.blueprint(request)
        if isinstance(blueprint, Response):
            return blueprint
        return self.step(request, "plan", blueprint, notice="picture", said=said)

    @allowed(ADMIN_ONLY)
    async def drop_picture(self, request: Request) -> Response:
        check_form(principal_of(request), (await read_form(request)).get("csrf", ""))
        await run_in_threadpool(self._setup.picture.drop)
        return go_to(request, "/setup/plan")


def _download(text: str) -> Response:
    headers = {"content-disposition": 'attachment; filename="site.toml"'}
    return Response(text, media_type="application/toml", headers=headers)
