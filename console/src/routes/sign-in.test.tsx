import { screen } from "@testing-library/react";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import {
  listAnswers,
  listHas,
  makeLink,
  problem,
  signedIn,
  signedOut,
  signInAnswers,
  signInWorks,
  signOutWorks,
} from "@/test/handlers";
import { renderApp } from "@/test/render";
import { server } from "@/test/server";

async function fillIn(user: ReturnType<typeof renderApp>["user"]) {
  await user.type(await screen.findByLabelText("E-mail"), "owner@localhost");
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
}

describe("signing in", () => {
  test("leads back to the page that asked for it", async () => {
    server.use(signedOut, signInWorks, listHas(makeLink({ code: "gone", status: "disabled" })));
    const { user, address } = renderApp("/links?status=disabled");

    await fillIn(user);

    expect(await screen.findByRole("table", { name: /links/i })).toBeVisible();
    expect(address()).toBe("/console/links?status=disabled");
  });

  test("says that the credentials are wrong, and lets one try again", async () => {
    server.use(
      signedOut,
      signInAnswers(() => problem(401, "invalid_credentials")),
    );
    const { user } = renderApp("/sign-in");

    await fillIn(user);

    expect(await screen.findByText(/e-mail address or the password is wrong/i)).toBeVisible();
    expect(screen.getByLabelText("Password")).toHaveFocus();
    expect(screen.getByRole("button", { name: "Sign in" })).toBeEnabled();
  });

  test("checks the fields before it asks", async () => {
    server.use(signedOut);
    const { user } = renderApp("/sign-in");

    await user.type(await screen.findByLabelText("E-mail"), "owner{Enter}");

    expect(await screen.findByText(/enter an e-mail address/i)).toBeVisible();
    expect(screen.getByText("Enter your password.")).toBeVisible();
    expect(screen.getByLabelText("E-mail")).toBeInvalid();
  });

  test("says when the server cannot be reached", async () => {
    server.use(
      signedOut,
      signInAnswers(() => HttpResponse.error()),
    );
    const { user } = renderApp("/sign-in");

    await fillIn(user);

    expect(await screen.findByText(/cannot be reached/i)).toBeVisible();
  });

  test("does not follow a return address to another site", async () => {
    server.use(signedOut, signInWorks, listHas());
    const { user, address } = renderApp("/sign-in?redirect=//evil.example/");

    await fillIn(user);

    expect(await screen.findByText("Make your first link")).toBeVisible();
    expect(address()).toBe("/console/links");
  });
});

test("signing out leads to the sign-in page", async () => {
  server.use(signedIn, listHas(), signOutWorks);
  const { user } = renderApp("/links");

  await user.click(await screen.findByRole("button", { name: "Sign out" }));

  expect(await screen.findByRole("heading", { name: /sign in/i })).toBeVisible();
});

test("a session that ends while working leads to the sign-in page and back", async () => {
  server.use(signedIn, listHas(makeLink()));
  const { address } = renderApp("/links?q=spring");
  await screen.findByRole("link", { name: /spring/ });

  server.use(listAnswers(() => problem(401, "unauthenticated")));

  const heading = await screen.findByRole("heading", { name: /sign in/i }, { timeout: 5_000 });
  expect(heading).toBeVisible();
  expect(decodeURIComponent(address())).toContain("redirect=/links?q=spring");
});
