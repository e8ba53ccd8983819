// A WebSocket that sends the printed subscription as soon as it is open. The document prints the subscription and the
// effect apart and does not say who sends it; the effect gets this class under the name `WebSocket`.

import { subscribe } from "@/printed/subscribe";

export class SubscribingSocket extends WebSocket {
  constructor(url) {
    super(url);
    this.addEventListener("open", () => subscribe(this));
  }
}
