/** A page that watches a session: what it shows is in `main`, and as JSON, so that a journey can compare it with the server's state. */

import { connect } from '../../../src/index.ts';
import { nothing, options, record, told } from './record.ts';
import { apply, EMPTY } from './session.ts';

const seen = (window.seen = nothing());

window.begin = () => {
  const client = (window.client = connect(options(seen)));
  record(client, seen);
  const view = client.view(apply, EMPTY);
  view.subscribe(() => {
    const shown = document.querySelector('main');
    if (shown) shown.textContent = JSON.stringify(view.get());
  });
};
if (!told().later) window.begin();
