// The doors: the ways of sending a request, by the name that cases use.

import { curl } from "./curl.js";
import { http } from "./http.js";
import { post, posts } from "./post.js";
import { raw, rawPost, upgrade } from "./raw.js";
import { socket } from "./socket.js";
import { watch } from "./watch.js";

export const DOORS = { watch, http, post, posts, raw, rawPost, upgrade, socket, curl };
