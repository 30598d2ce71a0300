import {
  Channel,
  ConversationPhase,
  ConversationStatus,
  Outcome,
  TurnRole,
  TurnState,
  TurnUpdateKind,
} from '../generated/prisma/client.ts';
import { builder } from './builder.ts';

export const ChannelEnum = builder.enumType(Channel, { name: 'Channel' });
export const StatusEnum = builder.enumType(ConversationStatus, { name: 'ConversationStatus' });
export const PhaseEnum = builder.enumType(ConversationPhase, { name: 'ConversationPhase' });
export const OutcomeEnum = builder.enumType(Outcome, { name: 'Outcome' });
export const TurnRoleEnum = builder.enumType(TurnRole, { name: 'TurnRole' });
export const TurnStateEnum = builder.enumType(TurnState, { name: 'TurnState' });
export const TurnUpdateKindEnum = builder.enumType(TurnUpdateKind, { name: 'TurnUpdateKind' });
