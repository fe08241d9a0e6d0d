/** No slice leaves this machine: by trying, from the page and from its workers. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page, Worker } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HEADER, POLICY } from '../../policy.js';
import { type BuiltPage, PATIENT } from '../support.js';

export function policyTests(built: () => BuiltPage): void {
  describe('Nothing leaves this machine', () => {
    /** Another origin, which allows everything and notes what arrives. */
    let other: Server;
    let arrived: string[];
    let url: string;
    beforeAll(async () => {
      arrived = [];
      const note = (path: string | undefined): void => {
        // What browsers ask of any page that they show.
        if (path !== '/' && path !== '/favicon.ico') arrived.push(path?.slice(1) ?? '');
      };
      other = createServer((request, response) => {
        note(request.url);
        response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/html' }).end();
      });
      other.on('upgrade', (request, socket) => {
        note(request.url);
        socket.destroy();
      });
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    });
    afterAll(() => new Promise((resolve) => other.close(resolve)));

    /** The same from a page of the other origin's own, which has no policy: so the tries are real. */
    const unbound = async <T>(act: (page: Page) => Promise<T>): Promise<T> => {
      const page = await built().browser.newPage();
      await page.goto(url);
      const result = await act(page);
      await page.close();
      return result;
    };
    /** A worker's part is started by the page's own script: the first one is there when the adapter is known. */
    const workerOf = async (page: Page): Promise<Worker> => {
      await expect.poll(() => page.workers().length, { timeout: PATIENT }).toBeGreaterThan(0);
      return page.workers()[0] as Worker;
    };

    const tryPage = async (page: Page): Promise<string[]> => [
      ...(await page.evaluate(tryFromPage, url)),
      await page.evaluate<string>(importing(url)),
    ];
    const tryWorker = async (worker: Worker): Promise<string[]> => [
      ...(await worker.evaluate(tryFromWorker, url)),
      await worker.evaluate<string>(importing(url)),
    ];

    it('from the page: no fetch, socket, beacon, picture, style, script, frame, form or download of another origin', async () => {
      const tried = await unbound(tryPage);
      // All of them arrive where there is no policy: else that none does would prove nothing.
      await expect.poll(() => tried.filter((what) => !arrived.includes(what)), { timeout: PATIENT }).toEqual([]);
      expect(tried.length).toBeGreaterThan(20);
      arrived.length = 0;
      const { page, context } = await built().visit();
      expect(await tryPage(page)).toEqual(tried);
      // What would have been sent was sent before this.
      await page.evaluate(() => fetch('./icon.svg'));
      expect(arrived).toEqual([]);
      expect(page.url()).toContain('#/segment');
      await context.close();
    });

    it('from its workers, and from one that is made of a file of the page', async () => {
      const tried = await unbound(async (page) => {
        await page.evaluate(() => {
          const file = new Blob([''], { type: 'text/javascript' });
          Object.assign(globalThis, { worker: new Worker(URL.createObjectURL(file), { type: 'module' }) });
        });
        return tryWorker(await workerOf(page));
      });
      await expect.poll(() => tried.filter((what) => !arrived.includes(what)), { timeout: PATIENT }).toEqual([]);
      arrived.length = 0;
      const { page, context } = await built().visit('train');
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
      const file = page.workers().length;
      await page.evaluate(async () => {
        const names = (await caches.keys()).map(async (name) =>
          (await (await caches.open(name)).keys()).map(({ url }) => url),
        );
        const main = (await Promise.all(names)).flat().find((name) => /\/main-[^/]*\.js$/.test(name)) ?? '';
        Object.assign(globalThis, { own: new Worker(main, { type: 'module' }) });
      });
      await expect.poll(() => page.workers().length, { timeout: PATIENT }).toBeGreaterThan(file);
      // The lab's, the trainer's, and that one.
      expect(page.workers().length).toBe(3);
      for (const worker of page.workers()) expect(await tryWorker(worker)).toEqual(tried);
      expect(arrived).toEqual([]);
      await context.close();
    });

    it('the policy stands in the page, and in the README for servers', () => {
      const html = readFileSync(join(built().out, 'index.html'), 'utf8');
      expect(html).toContain(`content="${POLICY}"`);
      expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
      const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8').replace(/\s*\\\n\s*/g, ' ');
      expect(readme).toContain(HEADER);
    });
  });
}

/** As text: the tests' own build would make something else of an import. */
function importing(other: string): string {
  return `import('${other}import').catch(() => {}).then(() => 'import')`;
}

/** Tries everything that a page can ask of another origin, and waits until each has failed or not. */
async function tryFromPage(other: string): Promise<string[]> {
  const tried: string[] = [];
  const to = (what: string): string => {
    tried.push(what);
    return other + what;
  };
  const settled: Promise<unknown>[] = [];
  const ended = (target: EventTarget, ...events: string[]): void => {
    const names = ['load', 'error', ...events];
    settled.push(
      new Promise((resolve) => {
        for (const name of names) target.addEventListener(name, resolve);
      }),
    );
  };
  const added = (name: string, attributes: Readonly<Record<string, string>>): HTMLElement => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    document.body.append(made);
    return made;
  };
  const element = (name: string, attributes: Readonly<Record<string, string>>, ...events: string[]): void =>
    ended(added(name, attributes), ...events);
  settled.push(fetch(to('fetch')), fetch(to('fetch-post'), { method: 'POST', body: 'slice', mode: 'no-cors' }));
  settled.push(fetch(to('fetch-kept'), { method: 'POST', body: 'slice', keepalive: true }));
  const asked = new XMLHttpRequest();
  asked.open('POST', to('xhr'));
  ended(asked);
  try {
    asked.send('slice');
  } catch {}
  const open = <T extends EventTarget>(make: () => T): void => {
    try {
      ended(make(), 'open', 'close');
    } catch {}
  };
  open(() => new WebSocket(to('socket').replace('http', 'ws')));
  open(() => new EventSource(to('events')));
  navigator.sendBeacon(to('beacon'), 'slice');
  element('img', { src: to('img') });
  element('img', { srcset: `${to('img-set')} 1x` });
  element('link', { rel: 'stylesheet', href: to('style') });
  element('link', { rel: 'preload', as: 'image', href: to('preload') });
  element('link', { rel: 'modulepreload', href: to('modulepreload') });
  // Nothing is told of these.
  added('link', { rel: 'icon', href: other });
  added('object', { data: to('object'), type: 'text/html' });
  added('link', { rel: 'prefetch', href: to('prefetch') });
  added('embed', { src: to('embed'), type: 'text/html' });
  element('script', { src: to('script') });
  element('script', { src: to('module'), type: 'module' });
  element('iframe', { src: to('iframe'), name: 'frame' });
  element('audio', { src: to('audio'), preload: 'auto' }, 'loadeddata');
  element('video', { poster: to('poster'), src: to('video'), preload: 'auto' }, 'loadeddata');
  const font = new FontFace('other', `url(${to('font')})`);
  settled.push(font.load());
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const image = document.createElementNS('http://www.w3.org/2000/svg', 'image');
  image.setAttribute('href', to('svg'));
  ended(image);
  svg.append(image);
  document.body.append(svg);
  const box = added('p', {});
  box.style.backgroundImage = `url(${to('background')})`;
  box.textContent = 'box';
  // Into frames, so that they do not take the page away.
  for (const method of ['get', 'post']) {
    added('iframe', { name: method });
    const form = added('form', { action: to(`form-${method}`), method, target: method });
    if (form instanceof HTMLFormElement) form.submit();
  }
  added('a', { href: '#/segment', ping: to('ping') }).click();
  await Promise.allSettled(settled);
  // Pictures of styles are asked for when they are painted.
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return tried.map((what) => (what === 'form-get' ? 'form-get?' : what));
}

async function tryFromWorker(other: string): Promise<string[]> {
  const tried: string[] = [];
  const to = (what: string): string => {
    tried.push(what);
    return other + what;
  };
  const settled: Promise<unknown>[] = [fetch(to('fetch'))];
  settled.push(fetch(to('fetch-post'), { method: 'POST', body: 'slice', mode: 'no-cors', keepalive: true }));
  const open = <T extends EventTarget>(make: () => T): void => {
    try {
      const made = make();
      const names = ['load', 'error', 'open', 'close'];
      settled.push(
        new Promise((resolve) => {
          for (const name of names) made.addEventListener(name, resolve);
        }),
      );
    } catch {}
  };
  open(() => {
    const asked = new XMLHttpRequest();
    asked.open('POST', to('xhr'));
    asked.send('slice');
    return asked;
  });
  open(() => new WebSocket(to('socket').replace('http', 'ws')));
  open(() => new EventSource(to('events')));
  await Promise.allSettled(settled);
  return tried;
}
