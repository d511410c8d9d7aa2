import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { violations } from "@/test/axe";
import {
  linkIs,
  listHas,
  makeLink,
  makeStats,
  signedIn,
  signedOut,
  statsAnswer,
} from "@/test/handlers";
import { renderApp } from "@/test/render";
import { server } from "@/test/server";

test("the sign-in page has no accessibility violations", async () => {
  server.use(signedOut);
  renderApp("/sign-in");
  await screen.findByRole("heading", { name: /sign in/i });

  expect(await violations(document.body)).toEqual([]);
});

test("the list and its dialog have no accessibility violations", async () => {
  server.use(signedIn, listHas(makeLink(), makeLink({ code: "autumn", status: "disabled" })));
  const { user } = renderApp("/links");
  await screen.findByRole("row", { name: /spring/ });
  expect(await violations(document.body)).toEqual([]);

  await user.keyboard("c");
  await screen.findByRole("dialog");
  expect(await violations(document.body)).toEqual([]);
});

test.each(["chart", "table"])("a link's page with its %s has none", async (view) => {
  server.use(
    signedIn,
    linkIs(makeLink()),
    statsAnswer(() => makeStats([1, 2])),
  );
  renderApp(`/links/lnk_spring?view=${view}`);
  await screen.findByRole("button", { name: "Disable" });
  await screen.findByText("Live");

  expect(await violations(document.body)).toEqual([]);
});
