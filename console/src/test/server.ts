import { setupServer } from "msw/node";

/** Knows no request at all: each test says what the API answers. */
export const server = setupServer();
