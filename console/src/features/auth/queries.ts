import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { body, client } from "@/api/client";
import { toApiError } from "@/api/error";
import type { Credentials, Session } from "@/api/types";

export const sessionKey = ["session"] as const;

/** Who is signed in; null is an answer ("nobody"), not an error. */
export const sessionQuery = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await body(client.GET("/api/v1/session", { signal }));
    } catch (error) {
      if (toApiError(error).isSignedOut) {
        return null;
      }
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

export function useSignIn() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (credentials: Credentials) =>
      body(client.POST("/api/v1/session", { body: credentials })),
    onSuccess: (session) => {
      // Whatever is cached may belong to somebody else.
      queryClient.clear();
      queryClient.setQueryData(sessionKey, session);
    },
  });
}

export function useSignOut() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => client.DELETE("/api/v1/session"),
    onSuccess: () => {
      queryClient.clear();
      queryClient.setQueryData(sessionKey, null);
    },
  });
}
