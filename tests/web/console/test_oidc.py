"""Signing in with a provider: the way there and back, and everything that is refused on it."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
import structlog
from joserfc.jwk import OctKey, RSAKey
from playwright.async_api import Browser, expect
from sqlalchemy import text

from bot.web.console.entrance.cookies import BEGUN_COOKIE, COOKIE
from supportbot.access.attempts import MOST_FAILURES
from supportbot.access.oidc import begun, discovery
from supportbot.access.roles import Role
from supportbot.config import Settings
from tests.oidc_server.server import CLIENT_ID, CLIENT_SECRET, LocalProvider
from tests.web.browsing import PATIENCE_MS
from tests.web.console.looking import problems
from tests.web.console.running import Running, run_console
from tests.web.console.signing_in import BEGIN, CALLBACK, browser_of, deeds, go, people, said, sign_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served() -> AsyncGenerator[LocalProvider]:
    """A provider that runs as long as the tests of this module."""
    async with LocalProvider() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(served: LocalProvider, kept_home: Path) -> AsyncGenerator[Running]:
    """A bot to which people come from that provider."""
    settings = Settings(
        home=kept_home,
        encoder="none",
        oidc_issuer=served.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_name="the team's account",
        oidc_role_claim="groups",
        oidc_role_values="leads=admin, support=curator",
        console_admins="Root@Shop.Example, sub:boss-1",
        console_viewers="ana@shop.example",
    )
    async with run_console(kept_home, settings=settings) as running:
        served.redirects.add(f"{running.url}{CALLBACK}")
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def idp(served: LocalProvider, running: Running) -> AsyncGenerator[LocalProvider]:
    """The provider without faults, before a bot that has forgotten who failed and who came."""
    served.fix()
    yield served
    async with running.core.database.write() as session:
        for table in ("sign_in_attempt", "operator_session", "operator", "audit"):
            await session.execute(text(f"DELETE FROM {table}"))


async def test_a_browser_signs_in(running: Running, idp: LocalProvider, browser: Browser) -> None:
    """The button leads to the provider, and from there back into the console, in a browser with all its rules."""
    idp.person["groups"] = ["leads"]
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(f"{running.url}/console")
    assert await problems(page) == []
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Sign in with the team's account")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Allow").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    await expect(page).to_have_url(f"{running.url}/console")
    await expect(page.get_by_text("Ana Lopez")).to_be_visible()
    assert {cookie.get("name") for cookie in await context.cookies(running.url)} >= {COOKIE}
    assert BEGUN_COOKIE not in {cookie.get("name") for cookie in await context.cookies(running.url)}
    await page.goto(f"{running.url}/console/settings")
    await expect(page.get_by_text("which sets the role each time")).to_be_visible()
    await page.goto(f"{running.url}{CALLBACK}?state=made-up&code=made-up")
    await expect(page.get_by_role("alert")).to_contain_text("started in another browser")
    assert await problems(page) == []
    await context.close()


async def test_who_signs_out_is_signed_out_at_the_provider(
    running: Running, idp: LocalProvider, browser: Browser
) -> None:
    """The browser goes there by itself, and comes back to where one signs in; the session is over before."""
    idp.person["groups"] = ["leads"]
    left = idp.left
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(f"{running.url}{BEGIN}")
    await page.get_by_role("button", name="Allow").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("link", name="Back to the console").click()
    await expect(page).to_have_url(f"{running.url}/console/sign-in")
    assert idp.left == left + 1
    assert COOKIE not in {cookie.get("name") for cookie in await context.cookies(running.url)}
    await expect(page.get_by_role("link", name="Sign in with the team's account")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await context.close()


@pytest.mark.parametrize("endpoint", [None, "http://login.shop.example/leave", "javascript:alert(1)"])
async def test_where_a_provider_signs_nobody_out_the_console_does(
    running: Running, idp: LocalProvider, monkeypatch: pytest.MonkeyPatch, endpoint: str | None
) -> None:
    """A provider may have no such page, or name none that can be trusted."""
    monkeypatch.setattr(discovery, "_KEEP_SECONDS", -1.0)
    idp.metadata["end_session_endpoint"] = endpoint
    idp.person["groups"] = ["leads"]
    async with browser_of(running) as client:
        await sign_in(client)
        token = re.search(r"\b([0-9a-f]{64})\b", (await client.get("/console")).text)
        assert token is not None
        ended = await client.post("/console/sign-out", data={"token": token[1]}, headers={"Origin": running.url})
    assert (ended.status_code, ended.headers["location"]) == (303, "/console/sign-in")


async def test_what_is_sent_is_bound_to_the_browser(running: Running, idp: LocalProvider) -> None:
    """State, nonce and PKCE differ each time; the cookie comes along from elsewhere, and no script sees it."""
    idp.asked.clear()
    idp.shown.clear()
    idp.person["groups"] = ["support"]
    async with browser_of(running) as client:
        began = await client.get(BEGIN)
        [cookie] = began.headers.get_list("set-cookie")
        assert cookie.startswith(f"{BEGUN_COOKIE}=")
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=600"} <= set(cookie.split("; "))
        assert began.headers["cache-control"] == "no-store"
        ended = await sign_in(client)
        assert (ended.status_code, ended.headers["location"]) == (303, "/console")
        assert f"{COOKIE}=" in ended.headers["set-cookie"]
        assert "SameSite=strict" in ended.headers["set-cookie"]
        assert (await client.get("/console")).status_code == 200
    first = parse_qs(urlsplit(began.headers["location"]).query)
    [second] = idp.asked
    for name in ("state", "nonce", "code_challenge"):
        assert first[name][0] != second[name]
        assert len(second[name]) >= 43
        assert second[name] not in cookie
    [shown] = idp.shown
    assert shown["code_verifier"] not in cookie
    assert shown["redirect_uri"] == f"{running.url}{CALLBACK}"
    assert await people(running) == {"Ana Lopez": ("curator", f"{idp.issuer} ana-1")}
    assert await deeds(running) == [
        ("Ana Lopez", "operator.admit", "operator"),
        ("Ana Lopez", "operator.sign_in", "operator"),
    ]


ROLES: list[tuple[dict[str, Any], str | None]] = [
    ({"groups": ["support"]}, "curator"),
    ({"groups": ["support", "leads", 7]}, "admin"),
    ({"groups": "leads"}, "admin"),
    ({"groups": ["Leads"]}, "viewer"),
    ({"groups": None}, "viewer"),
    ({"email": "ROOT@shop.example"}, "admin"),
    ({"email": "root@shop.example", "email_verified": False}, None),
    ({"email": "root@shop.example", "email_verified": None}, None),
    ({"email": "root@shop.example", "email_verified": "true"}, "admin"),
    ({"email": "root@shop.example.evil.example"}, None),
    ({"email": "sub:boss-1"}, None),
    ({"sub": "boss-1", "email": "b@shop.example"}, "admin"),
    ({"email": ["root@shop.example"]}, None),
    ({"email": "root@\u212ashop.example"}, None),
]


@pytest.mark.parametrize(("claims", "role"), ROLES)
async def test_roles_come_from_claims_and_lists(
    running: Running, idp: LocalProvider, claims: Mapping[str, Any], role: str | None
) -> None:
    """The highest role of the claim's values and of the lists counts; only a verified address counts."""
    idp.person = {name: value for name, value in {**idp.person, **claims}.items() if value is not None}
    async with browser_of(running) as client:
        ended = await sign_in(client)
        if role is None:
            assert ended.status_code == 403
            assert "you have no role in this console" in said(ended)
            assert await people(running) == {}
            identity = f"{idp.issuer} {idp.person['sub']}"
            assert await deeds(running) == [(identity, "operator.refuse", "provider")]
        else:
            assert ended.status_code == 303
            assert [found for found, _ in (await people(running)).values()] == [role]


async def test_what_the_token_lacks_is_asked_for(running: Running, idp: LocalProvider) -> None:
    """A provider may tell names and groups on its page about people alone; what it tells of others is refused."""
    idp.told = {"sub": "ana-1", "name": "Ana at Work", "email": "a@b.example", "groups": ["leads"]}
    async with browser_of(running) as client:
        assert (await sign_in(client)).status_code == 303
        assert (await people(running))["Ana at Work"][0] == "admin"
        idp.person.update(sub="b-2", email="root@shop.example")
        idp.told = {"sub": "b-2", "name": "Bo", "email_verified": True}
        assert "you have no role" in said(await sign_in(client)), "an address of the one, verified by the other"
        idp.told = {**idp.told, "email": "root@shop.example"}
        assert (await sign_in(client)).status_code == 303
        assert (await people(running))["Bo"][0] == "admin"
        idp.told = {**idp.told, "sub": "somebody-else"}
        ended = await sign_in(client)
        assert ended.status_code == 503
        assert "doesn't respond as a sign-in provider" in said(ended)


OTHER_KEY = RSAKey.generate_key(2048, auto_kid=True)
AT = int(time.time())
FORGED: list[tuple[str, dict[str, Any], str]] = [
    ("another key", {"signer": OTHER_KEY}, "can't be trusted"),
    ("an unknown key", {"signer": OTHER_KEY, "header": {"kid": OTHER_KEY.kid}}, "can't be trusted"),
    ("the secret as key", {"signer": OctKey.import_key(CLIENT_SECRET), "header": {"alg": "HS256"}}, "be trusted"),
    ("no signature", {"header": {"alg": "none"}}, "can't be trusted"),
    ("another issuer", {"claims": {"iss": "https://evil.example"}}, "can't be trusted"),
    ("no issuer", {"claims": {"iss": None}}, "can't be trusted"),
    ("another audience", {"claims": {"aud": "another-app"}}, "is for another application"),
    ("no audience", {"claims": {"aud": None}}, "can't be trusted"),
    ("another party", {"claims": {"aud": [CLIENT_ID, "x"], "azp": "x"}}, "is for another application"),
    ("many audiences and no party", {"claims": {"aud": [CLIENT_ID, "x"]}}, "can't be trusted"),
    ("another nonce", {"claims": {"nonce": "of-before"}}, "can't be trusted"),
    ("no nonce", {"claims": {"nonce": None}}, "can't be trusted"),
    ("no subject", {"claims": {"sub": None}}, "can't be trusted"),
    ("an empty subject", {"claims": {"sub": ""}}, "can't be trusted"),
    ("a number as subject", {"claims": {"sub": 7}}, "can't be trusted"),
    ("expired", {"claims": {"iat": AT - 900, "exp": AT - 600}}, "has expired"),
    ("no end", {"claims": {"exp": None}}, "can't be trusted"),
    ("the end as text", {"claims": {"exp": "soon"}}, "can't be trusted"),
    ("of the future", {"claims": {"iat": AT + 7_200, "exp": AT + 7_500}}, "is not valid yet"),
    ("not before", {"claims": {"nbf": AT + 7_200}}, "is not valid yet"),
    ("no time", {"claims": {"iat": None}}, "can't be trusted"),
    ("another access token", {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}, "can't be trusted"),
    ("no ID token", {"token": {"access_token": "a", "token_type": "Bearer"}}, "can't be trusted"),
    ("no token", {"token": {"access_token": "a", "id_token": "a.b.c"}}, "can't be trusted"),
    ("a number as token", {"token": {"access_token": "a", "id_token": 7}}, "can't be trusted"),
    ("an error", {"token": {"error": "invalid_grant"}}, "didn't confirm the sign-in"),
]


@pytest.mark.parametrize(("faults", "sentence"), [case[1:] for case in FORGED], ids=[case[0] for case in FORGED])
async def test_what_is_forged_is_refused(
    running: Running, idp: LocalProvider, faults: Mapping[str, Any], sentence: str
) -> None:
    """A token that is not whole, not of now, not of the provider or not for this sign-in lets nobody in."""
    for name, fault in faults.items():
        setattr(idp, name, fault)
    async with browser_of(running) as client:
        back = await go(client)
        with structlog.testing.capture_logs() as logs:
            ended = await client.get(back)
        assert ended.status_code == 403
        assert sentence in said(ended)
        assert (await client.get("/console")).status_code == 303
    assert await people(running) == {}
    # The bot may read its knowledge meanwhile, and says so.
    told = [line["event"] for line in logs if line["event"] != "knowledge.refreshed"]
    assert told in (["oidc.refused"], ["oidc.failed"])
    for secret in (idp.shown[-1]["code"], idp.shown[-1]["code_verifier"], CLIENT_SECRET, "eyJ", "ana"):
        assert secret not in str(logs)


async def test_clocks_may_be_a_little_apart(running: Running, idp: LocalProvider) -> None:
    """Half a minute between two clocks keeps nobody out."""
    at = int(time.time())
    for claims in ({"iat": at + 30, "nbf": at + 30}, {"iat": at - 330, "exp": at - 30}):
        idp.claims = claims
        async with browser_of(running) as client:
            assert (await sign_in(client)).status_code == 303


async def test_only_who_began_can_finish(
    running: Running, idp: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another browser, another state, another provider's answer, a second time and too late: each begins again."""
    async with browser_of(running) as ana, browser_of(running) as eve:
        back = await go(ana)
        cookie = ana.cookies[BEGUN_COOKIE]
        code = parse_qs(urlsplit(back).query)["code"][0]
        state = parse_qs(urlsplit(back).query)["state"][0]
        await eve.get(BEGIN)
        number = cookie.partition(":")[2]
        tries: list[tuple[httpx.AsyncClient, str, str, dict[str, str]]] = [
            (eve, eve.cookies[BEGUN_COOKIE], back, {}),
            (eve, "", back, {}),
            (eve, "made-up", back, {}),
            (eve, f"slack:{number}", back, {}),
            (eve, cookie[:-1], back, {}),
            (ana, cookie, CALLBACK, {"code": code}),
            (ana, cookie, CALLBACK, {"code": code, "state": f"{state}x"}),
            (
                ana,
                cookie,
                CALLBACK,
                {"code": code, "state": "\ud800".encode("utf-8", "surrogatepass").decode("latin")},
            ),
            (ana, cookie, CALLBACK, {"code": code, "state": state, "iss": "https://evil.example"}),
        ]
        for client, kept, address, query in tries:
            client.cookies.clear()
            if kept:
                client.cookies.set(BEGUN_COOKIE, kept)
            ended = await client.get(address, params=query or None)
            assert ended.status_code == 403
            assert "started in another browser" in said(ended)
        ana.cookies.set(BEGUN_COOKIE, cookie)
        refused = await ana.get(CALLBACK, params={"error": "access_denied", "state": state})
        assert "didn't sign you in" in said(refused)
        assert f'{BEGUN_COOKIE}=""' in refused.headers["set-cookie"]
        ana.cookies.set(BEGUN_COOKIE, cookie)
        assert (await ana.get(back)).status_code == 303
        ana.cookies.set(BEGUN_COOKIE, cookie)
        twice = await ana.get(back)
        assert "didn't confirm the sign-in" in said(twice)
        monkeypatch.setattr(begun, "SECONDS", -1)
        late = await sign_in(eve)
        assert "more than ten minutes ago" in said(late)


async def test_attempts_are_limited(running: Running, idp: LocalProvider) -> None:
    """Who fails too often has to wait, even with a sound sign-in; what the provider does wrong is not counted."""
    async with browser_of(running) as client:
        back = await go(client)
        cookie = client.cookies[BEGUN_COOKIE]
        idp.status = 500
        for _ in range(MOST_FAILURES):
            client.cookies.set(BEGUN_COOKIE, cookie)
            assert (await client.get(back)).status_code == 503
        idp.status = 0
        client.cookies.set(BEGUN_COOKIE, cookie)
        assert (await client.get(back)).status_code == 303
    async with browser_of(running) as client:
        for _ in range(MOST_FAILURES):
            assert (await client.get(CALLBACK, params={"code": "x", "state": "x"})).status_code == 403
        ended = await sign_in(client)
        assert "wait ten minutes" in said(ended)


async def test_a_provider_that_fails_is_told(
    running: Running, idp: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Providers that are down, wrong or strange are one sentence, on the way there and on the way back."""
    monkeypatch.setattr(discovery, "_KEEP_SECONDS", -1.0)
    away = "can't be reached right now"
    strange = "doesn't respond as a sign-in provider"
    wellknown = "/.well-known/openid-configuration"
    async with browser_of(running) as client:
        for faults, sentence in (
            ({"status": 503}, away),
            ({"status": 404}, strange),
            ({"body": {wellknown: "<html>"}}, strange),
            ({"body": {wellknown: "[]"}}, strange),
            ({"body": {"/keys": "{}"}}, strange),
            ({"body": {"/keys": '{"keys": [7, {"kty": "EC"}, {"kty": "oct", "k": "AAAA"}]}'}}, strange),
            ({"metadata": {"issuer": "https://evil.example"}}, strange),
            ({"metadata": {"token_endpoint": None}}, strange),
            ({"metadata": {"token_endpoint": "http://evil.example/token"}}, strange),
            ({"metadata": {"userinfo_endpoint": "http://evil.example/people"}}, strange),
            ({"metadata": {"jwks_uri": "http://[::bad"}}, strange),
        ):
            idp.fix()
            for name, fault in faults.items():
                setattr(idp, name, fault)
            refused = await client.get(BEGIN)
            assert refused.status_code == 503, faults
            assert sentence in said(refused), faults
        idp.fix()
        back = await go(client)
        cookie = client.cookies[BEGUN_COOKIE]
        for body in ("<html>", "[]", '{"expires_in": "soon"}', '{"access_token": "a", "expires_at": []}'):
            idp.body = {"/token": body}
            client.cookies.set(BEGUN_COOKIE, cookie)
            refused = await client.get(back)
            assert refused.status_code == 503, body
            assert strange in said(refused), body
        await idp.close()
        client.cookies.set(BEGUN_COOKIE, cookie)
        refused = await client.get(back)
        assert (refused.status_code, away in said(refused)) == (503, True)
        await idp.open()
        idp.body = {}
        client.cookies.set(BEGUN_COOKIE, cookie)
        assert (await client.get(back)).status_code == 303
        german = await client.get(CALLBACK, params={"state": "x"}, headers={"Accept-Language": "de"})
        assert "Anmelden mit the team&#39;s account" in german.text


async def test_new_keys_are_asked_for(
    running: Running, idp: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that changes its keys is understood at once."""
    async with browser_of(running) as client:
        assert (await sign_in(client)).status_code == 303
        monkeypatch.setattr(discovery, "_ASK_AGAIN_SECONDS", 0.0)
        idp.key = RSAKey.generate_key(2048, auto_kid=True)
        assert (await sign_in(client)).status_code == 303


async def test_a_changed_role_holds_from_the_next_sign_in(running: Running, idp: LocalProvider) -> None:
    """A role is worked out each time; who has none any more loses all sessions, and counts as no admin."""
    idp.person["groups"] = ["leads"]
    async with browser_of(running) as client, browser_of(running) as other:
        for groups, role in ((["leads"], "admin"), (["support"], "curator"), (["leads"], "admin"), ([], "viewer")):
            idp.person["groups"] = groups
            assert (await sign_in(client)).status_code == 303
            assert (await people(running))["Ana Lopez"][0] == role
        idp.person["groups"] = ["leads"]
        await sign_in(other)
        assert (await other.get("/console")).status_code == 200
        idp.person.update(groups=[], email="ana@elsewhere.example")
        refused = await sign_in(client)
        assert "you have no role" in said(refused)
        assert (await other.get("/console")).status_code == 303
        assert (await people(running))["Ana Lopez"][0] == "viewer"
    assert [deed[:2] for deed in await deeds(running)][-1] == ("Ana Lopez", "operator.refuse")
    assert [deed[1] for deed in await deeds(running)].count("operator.role") == 4


async def test_a_removed_operator_stays_removed(running: Running, idp: LocalProvider) -> None:
    """Whose access was ended under Settings is told so, whatever the provider says, until an admin restores it."""
    idp.person["groups"] = ["leads"]
    operators = running.core.console.access.operators
    async with browser_of(running) as client:
        assert (await sign_in(client)).status_code == 303
        await running.link("Root", Role.ADMIN)
        ana = next(person for person in await operators.people() if person.name == "Ana Lopez")
        await operators.end(ana.id, "Root")
        refused = await sign_in(client)
        assert refused.status_code == 403
        assert "Your access to this console has ended" in said(refused)
        assert (await client.get("/console")).status_code == 303
        assert (await deeds(running))[-1][:2] == ("Ana Lopez", "operator.refuse")
        await operators.restore(ana.id, "Root")
        assert (await sign_in(client)).status_code == 303


async def test_a_name_makes_nobody_another(running: Running, idp: LocalProvider) -> None:
    """Somebody of an operator's name gets another account and another name; a name that is changed follows."""
    await running.link("Ana Lopez", Role.ADMIN)
    async with browser_of(running) as client:
        assert (await sign_in(client)).status_code == 303
        found = await people(running)
        assert found["Ana Lopez"] == ("admin", None)
        assert found["Ana Lopez (ana@shop.example)"] == ("viewer", f"{idp.issuer} ana-1")
        idp.person["name"] = "Ana\u202e  Diaz\n"
        await sign_in(client)
        assert set(await people(running)) == {"Ana Lopez", "Ana Diaz"}
        idp.person.update(
            sub="other", name="Ana Lopez (ana@shop.example)", groups=["support"], email="o@x.example"
        )
        await sign_in(client)
        assert (await people(running))["Ana Lopez (ana@shop.example) (o@x.example)"][0] == "curator"
        idp.person = {"sub": "ana-1", "name": "Ana Lopez", "email": "ana@shop.example", "email_verified": True}
        await sign_in(client)
        assert (await people(running))["Ana Lopez (ana@shop.example)"][1] == f"{idp.issuer} ana-1"
    assert ("Ana Diaz", "operator.rename", "operator") in await deeds(running)


async def test_without_providers_nothing_changes(home: Path) -> None:
    """A bot with links alone has no addresses of providers, and no button."""
    async with (
        run_console(home, settings=Settings(home=home, encoder="none")) as running,
        browser_of(running) as client,
    ):
        assert (await client.get(BEGIN)).status_code == 404
        assert (await client.get(CALLBACK)).status_code == 404
        page = (await client.get("/console/sign-in")).text
        assert "Sign in with" not in page
