// The ways into the server, by the name that a case calls them.

import { curl } from "./curl.js";
import { http } from "./http.js";
import { post, posts } from "./post.js";
import { raw, rawPost, upgrade } from "./raw.js";
import { socket } from "./socket.js";
import { watch } from "./watch.js";

export const DOORS = { watch, http, post, posts, raw, rawPost, upgrade, socket, curl };
