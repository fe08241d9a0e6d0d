/** The process of one peer: answers the parent's requests, one at a time. */
import { makePeer } from './peer-table.js';
import { messageOf, type PeerName, type Reply, type Request } from './protocol.js';

/** Serves until the parent goes. */
export async function serve(name: PeerName): Promise<void> {
  const answers = await makePeer(name);
  const reply = (answer: Reply): void => void process.send?.(answer);
  process.on('message', (request: Request) => {
    answers.answer(request).then(
      (value) => reply({ ok: true, value }),
      (error: unknown) => reply({ ok: false, error: messageOf(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
