import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { body, client } from "@/api/client";
import { problem, signInAnswers } from "@/test/handlers";
import { server } from "@/test/server";

const session = () => body(client.GET("/api/v1/session"));

test("a problem becomes a typed error", async () => {
  server.use(
    signInAnswers(() =>
      problem(422, "validation_failed", {
        detail: "one field is wrong",
        errors: [{ field: "email", code: "format", message: "not an address" }],
      }),
    ),
  );

  const request = client.POST("/api/v1/session", { body: { email: "x", password: "y" } });

  await expect(request).rejects.toMatchObject({
    status: 422,
    code: "validation_failed",
    message: "One field is wrong.",
    requestId: "req_1",
    fields: [{ field: "email", message: "Not an address." }],
  });
});

test("every request carries the header that other sites cannot send", async () => {
  let header: string | null = null;
  server.use(
    http.delete("*/api/v1/session", ({ request }) => {
      header = request.headers.get("x-requested-with");
      return new HttpResponse(null, { status: 204 });
    }),
  );

  await client.DELETE("/api/v1/session");

  expect(header).toBe("linkpulse");
});

test("a server that does not answer is unreachable", async () => {
  server.use(http.get("*/api/v1/session", () => HttpResponse.error()));

  await expect(session()).rejects.toMatchObject({ status: 0, code: "unreachable" });
});

test("an error page of something in between is still an error", async () => {
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.html("<h1>502</h1>", { status: 502 })),
  );

  await expect(session()).rejects.toMatchObject({ status: 502, code: "unexpected" });
});
