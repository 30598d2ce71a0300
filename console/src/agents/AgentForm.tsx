import {
  AddKnowledgeDocumentDocument,
  type AgentFieldsFragment,
  CreateAgentDocument,
  CreateKnowledgeBaseDocument,
} from '@parley/client';
import { type FormEvent, useRef, useState } from 'react';
import { useClient } from '../parley.ts';
import { accepted } from '../problem.ts';
import { go } from '../route.ts';
import { Field } from '../ui/Field.tsx';
import { Notice } from '../ui/Notice.tsx';
import { localeName } from '../ui/words.ts';
import { useAction } from '../useAction.ts';
import { exampleFor } from './exampleKnowledge.ts';
import { PersonalityFields } from './PersonalityFields.tsx';

/** The languages the built-in replies speak; voices know more. */
const locales = ['en-US', 'en-GB', 'es-ES', 'es-MX'] as const;

/** A new agent with what it knows: a knowledge base, one document in it, and the agent on top. */
export const AgentForm = ({
  hasAgents,
  onCreated,
}: {
  hasAgents: boolean;
  onCreated: (agent: AgentFieldsFragment) => void;
}) => {
  const client = useClient();
  const [name, setName] = useState('');
  const [locale, setLocale] = useState<string>('en-US');
  const [personality, setPersonality] = useState({ warmth: 0.7, formality: 0.4, assertiveness: 0.5, brevity: 0.6 });
  const [title, setTitle] = useState('');
  const [text, setText] = useState('');
  // Kept across attempts, so that a second try does not store the document twice.
  const stored = useRef<{ knowledgeBaseId: string; text: string | null } | null>(null);

  const storeKnowledge = async (): Promise<string | null> => {
    if (text.trim() === '') return null;
    const documentTitle = title.trim() || 'Knowledge';
    if (stored.current === null) {
      const input = { name: documentTitle };
      const made = accepted((await client.execute(CreateKnowledgeBaseDocument, { input })).createKnowledgeBase);
      stored.current = { knowledgeBaseId: made.knowledgeBase.id, text: null };
    }
    const { knowledgeBaseId } = stored.current;
    if (stored.current.text !== text) {
      const input = { knowledgeBaseId, title: documentTitle, text };
      accepted((await client.execute(AddKnowledgeDocumentDocument, { input })).addKnowledgeDocument);
      stored.current = { knowledgeBaseId, text };
    }
    return knowledgeBaseId;
  };
  const create = useAction(async () => {
    const knowledgeBaseId = await storeKnowledge();
    const input = { name, locale, personality, ...(knowledgeBaseId === null ? {} : { knowledgeBaseId }) };
    const { agent } = accepted((await client.execute(CreateAgentDocument, { input })).createAgent);
    onCreated(agent);
    go({ page: 'home' });
  });
  const fields = create.problem?.fields ?? {};
  const insertExample = (language: string): void => {
    const example = exampleFor(language);
    setTitle(example.title);
    setText(example.text);
  };

  return (
    <form
      className="sheet"
      aria-labelledby="agent-title"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void create.run();
      }}
    >
      <div>
        <h1 id="agent-title">{hasAgents ? 'New agent' : 'Create your first agent'}</h1>
        <p className="lead">
          An agent has a voice, a manner, and a document it answers from. It never quotes what is not in there.
        </p>
      </div>
      <div className="columns">
        <Field label="Name" error={fields['name']}>
          {(control) => (
            <input
              {...control}
              required
              maxLength={100}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
              placeholder="Alex"
            />
          )}
        </Field>
        <Field label="Language" error={fields['locale']}>
          {(control) => (
            <select {...control} value={locale} onChange={(event) => setLocale(event.target.value)}>
              {locales.map((one) => (
                <option key={one} value={one}>
                  {localeName(one)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <PersonalityFields value={personality} onChange={setPersonality} errors={fields} />
      <fieldset>
        <legend>Knowledge</legend>
        <div className="examples">
          <span className="quiet">Nothing at hand? Insert an example price list:</span>
          <button type="button" className="button small" onClick={() => insertExample('en')}>
            English example
          </button>
          <button type="button" className="button small" onClick={() => insertExample('es')}>
            Spanish example
          </button>
        </div>
        <Field label="Document title" error={fields['title']}>
          {(control) => (
            <input
              {...control}
              maxLength={300}
              autoComplete="off"
              value={title}
              onChange={(event) => setTitle(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="Document text"
          error={fields['text']}
          hint="Paste prices, plans, terms, answers to usual questions. One paragraph per topic is found best."
        >
          {(control) => (
            <textarea {...control} rows={10} value={text} onChange={(event) => setText(event.target.value)} />
          )}
        </Field>
      </fieldset>
      <Notice problem={create.problem} />
      <div className="actions">
        {hasAgents && (
          <a className="button quiet" href="#/">
            Cancel
          </a>
        )}
        <button type="submit" className="button primary" disabled={create.isBusy}>
          {create.isBusy ? 'Creating…' : 'Create agent'}
        </button>
      </div>
    </form>
  );
};
