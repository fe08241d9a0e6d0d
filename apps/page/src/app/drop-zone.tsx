/** Takes files that are dropped on it, chosen, or a whole folder. */
import type { ComponentChildren, VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { StoredFile } from '../worker/train-protocol.js';
import { canChooseFolders, chosenFiles, droppedFiles } from './files.js';
import { Button } from './ui.js';

export function DropZone(props: {
  label: string;
  hint: string;
  accept?: string;
  folder?: boolean;
  multiple?: boolean;
  compact?: boolean;
  disabled?: boolean;
  onFiles: (files: StoredFile[]) => void;
  children?: ComponentChildren;
}): VNode {
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const { disabled = false, multiple = true } = props;
  const hasFolder = props.folder === true && canChooseFolders;
  const chosen = (input: HTMLInputElement): void => {
    const list = chosenFiles(input);
    input.value = '';
    if (list.length > 0) props.onFiles(list);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra; the buttons inside do the same from the keyboard.
    <div
      class={`drop${over ? ' over' : ''}${props.compact ? ' compact' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (!disabled) setOver(true);
      }}
      onDragLeave={(event) => {
        // Moving onto a button within is no leaving.
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        if (disabled || event.dataTransfer === null) return;
        void droppedFiles(event.dataTransfer).then((list) => list.length > 0 && props.onFiles(list));
      }}
    >
      <p class="drop-label">{props.label}</p>
      <p class="hint">{props.hint}</p>
      <div class="row">
        <Button onClick={() => files.current?.click()} disabled={disabled}>
          Choose {multiple ? 'files' : 'a file'}
        </Button>
        {hasFolder && (
          <Button onClick={() => folder.current?.click()} disabled={disabled}>
            Choose a folder
          </Button>
        )}
        {props.children}
      </div>
      <input
        ref={files}
        type="file"
        hidden
        multiple={multiple}
        accept={props.accept}
        aria-label={`${props.label}: files`}
        onChange={(event) => chosen(event.currentTarget)}
      />
      {hasFolder && (
        <input
          ref={folder}
          type="file"
          hidden
          multiple
          // @ts-expect-error: every browser knows it, the standard does not yet. It is set as a property: an empty text would be false.
          webkitdirectory
          aria-label={`${props.label}: folder`}
          onChange={(event) => chosen(event.currentTarget)}
        />
      )}
    </div>
  );
}
