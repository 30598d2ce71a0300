const english = {
  title: 'Harbour Desk price list',
  text: `Harbour Desk is a help desk for small teams. It gathers email, chat and phone calls in one shared inbox.

The Starter plan costs 29 euros per month. It includes three seats, one shared inbox and 1,000 conversations a month.

The Business plan costs 79 euros per month. It includes ten seats, unlimited conversations, reports and a telephone line.

The Enterprise plan costs 249 euros per month. It includes unlimited seats, single sign-on, audit logs and a named contact.

Every plan can be tried free of charge for 30 days. No credit card is needed for the trial.

Paying yearly instead of monthly saves 20 percent on every plan.

A subscription can be cancelled at any time. It ends with the month that has been paid.

Data is stored in the European Union and encrypted at rest. A data processing agreement is part of every plan.

Support answers within four hours on working days. Enterprise customers have a telephone hotline around the clock.`,
};

const spanish = {
  title: 'Lista de precios de Mesa Puerto',
  text: `Mesa Puerto es un centro de atención para equipos pequeños. Reúne correo, chat y llamadas en una sola bandeja compartida.

El plan Inicial cuesta 29 euros al mes. Incluye tres usuarios, una bandeja compartida y 1.000 conversaciones al mes.

El plan Negocio cuesta 79 euros al mes. Incluye diez usuarios, conversaciones ilimitadas, informes y una línea de teléfono.

El plan Empresa cuesta 249 euros al mes. Incluye usuarios ilimitados, inicio de sesión único, registros de auditoría y un contacto propio.

Todos los planes se pueden probar gratis durante 30 días. No hace falta tarjeta de crédito para la prueba.

Con el pago anual en lugar del mensual se ahorra un 20 por ciento en todos los planes.

La suscripción se puede cancelar en cualquier momento. Termina con el mes que ya está pagado.

Los datos se guardan en la Unión Europea y se cifran en reposo. Todos los planes incluyen un contrato de tratamiento de datos.

El soporte responde en menos de cuatro horas los días laborables. Los clientes del plan Empresa tienen un teléfono de atención permanente.`,
};

/** A price list to try an agent with; English unless the language is Spanish. */
export const exampleFor = (language: string) => (language.startsWith('es') ? spanish : english);
