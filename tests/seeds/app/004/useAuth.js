// The team's `useAuth` hook: whether somebody is logged in.

import { api } from "@/lib/api";

export const useAuth = () => ({ isAuthenticated: api.getToken() !== null });
